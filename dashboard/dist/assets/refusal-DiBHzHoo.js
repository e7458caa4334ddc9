import{s,a6 as a,u as n,t as r,Z as t}from"./parts-OOJAQBoA.js";function u(){const e=`refused.${s.refusal.value}`;return a(e)?n(t,{tone:"warn",children:r(e)}):null}export{u as R};

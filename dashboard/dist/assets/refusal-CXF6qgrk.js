import{c as e,ar as s,u as r,a as n,a5 as t}from"./settings-CGh_wMIe.js";function u(){const a=`refused.${e.refusal.value}`;return s(a)?r(t,{tone:"warn",children:n(a)}):null}export{u as R};

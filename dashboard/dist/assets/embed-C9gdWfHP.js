import{s as r,a as e}from"./app-DW9JAAal.js";function s(){return{kind:"portal",current:()=>Promise.resolve(null),refused:()=>{}}}r.use(s());e("/dashboard/embed",!0);
